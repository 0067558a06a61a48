#!/bin/sh
# rustc for the libraries of C, as cargo runs a wrapper. Cargo names a crate that lies outside of its
# workspace by the folder it is in, so that the names of functions differ from clone to clone: here
# a crate's name alone says which it is. No two of these libraries' crates have one name.
for argument; do
  shift
  case $argument in
  metadata=*) argument=metadata=trine ;;
  esac
  set -- "$@" "$argument"
done
exec "$@"
