import argparse
import sys

from shapes import square


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the length of a square's outline.")
    parser.add_argument("side", type=float)
    print(square(parser.parse_args().side))


def outline() -> None:
    """Takes sides only, and no --help."""
    print(*(square(float(side)) for side in sys.argv[1:]))


def watch() -> None:
    """Takes a file only, and runs for as long as it exists."""
    sys.exit("usage: shapes-watch FILE")
