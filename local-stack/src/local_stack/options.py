"""The options of `up`, shared by `./notes` (before anything is installed) and `local_stack`."""

from argparse import ArgumentParser, ArgumentTypeError


def add_up(parser: ArgumentParser, default_data: str) -> None:
    parser.add_argument(
        "--port", type=port, default=3000, metavar="N", help="where the pages are (3000)"
    )
    parser.add_argument(
        "--data", default=default_data, metavar="DIR", help="where everything is kept (.notes)"
    )
    parser.add_argument(
        "--demo", action="store_true", help="fill in a few notes and two users, once"
    )
    parser.add_argument(
        "--sign-up",
        choices=["open", "invite", "closed"],
        default="open",
        help="who may make an account (open)",
    )
    parser.add_argument(
        "--gateways", type=int, choices=range(1, 9), default=1, metavar="N",
        help="how many gateway nodes to start, 1 to 8 (1)",
    )  # fmt: skip


def port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"{text} is not a port (1 to 65535)")
    return int(text)
