"""@name@: a tool that converts degrees.

Each call runs this file in a process of its own. The arguments are one line of JSON on standard
input, and @name@.json allows them. The result is one JSON object on standard output. Another exit
status than 0 is an error: the client gets the first line of standard error.
"""

import json
import sys


class Refused(Exception):
    """Why the tool does not do a call, in words that say what to change."""


def fahrenheit(celsius: float) -> float:
    if celsius == 999.9:
        raise Refused("999.9 is what a broken sensor says: measure again")
    return round(celsius * 9 / 5 + 32, 2)


def main() -> None:
    arguments = json.load(sys.stdin)
    try:
        result = {"fahrenheit": fahrenheit(arguments["celsius"])}
    except Refused as why:
        sys.exit(str(why))
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
