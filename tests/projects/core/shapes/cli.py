import argparse

from shapes import square


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the length of a square's outline.")
    parser.add_argument("side", type=float)
    print(square(parser.parse_args().side))
