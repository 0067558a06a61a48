# The rows of a crate's `layout!` as assertions of C: `TYPE SMALL LARGE {` and `FIELD SMALL LARGE;`,
# where the numbers are for pointers of 32 bits and of 64.
BEGIN {
  print "#include \"" header "\""
  print "#define HERE(small, large) (sizeof(void *) == 4 ? (small) : (large))"
}
function claim(figure, small, large) {
  if (small ~ /^[0-9]+$/ && large ~ /^[0-9]+$/)
    print "_Static_assert(" figure " == HERE(" small ", " large "), \"" type "\");"
}
NF == 4 && $4 == "{" { type = $1; claim("sizeof(" type ")", $2, $3) }
NF == 3 && sub(/;$/, "") { claim("offsetof(" type ", " $1 ")", $2, $3) }
