"""The commands of `./notes`, as a stranger sees them. Each returns an exit status.

Standard library only: this runs on the machine's Python, before anything is installed.
"""

import os
import shutil
import subprocess
import sys
from argparse import REMAINDER, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import NoReturn

from local_stack import chromium, lock, locks, options, secret_files
from local_stack.bootstrap import Environment
from local_stack.errors import StackError
from local_stack.frontend_build import FrontendBuild
from local_stack.npm import NpmPackages
from local_stack.suite import Suite, is_part, test_scripts

ROOT = Path(__file__).resolve().parents[3]
_DATA = ROOT / ".notes"
_BENCHES = {
    "attacks": ["tests/load/attacks_bench.py"],
    "gateway": ["-m", "gateway_bench"],
    "locust": ["tests/load/system_bench.py"],
    "notes": ["tests/load/notes_bench.py"],
}
_DESCRIPTION = """\
Notes on this machine: run it, test it, measure it. No Docker, no root, no database needed.
The first command installs what it needs into this folder (.venv, web/node_modules), once.
"""
_EPILOGUE = """\
try it:   ./notes up --demo      then open http://localhost:3000 in three windows
"""


def main(argv: list[str]) -> int:
    """Run `./notes`; the exit status."""
    arguments, rest = _parser().parse_known_args(argv)
    if rest and arguments.command != "test":
        _parser().error(f"unknown argument: {rest[0]}")
    arguments.rest = [argument for argument in rest if argument != "--"]
    try:
        return int(arguments.run(arguments))
    except StackError as error:
        print(f"notes: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"notes: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def up(arguments: Namespace) -> int:
    """Run the whole system until Ctrl-C."""
    environment = Environment(ROOT)
    environment.ensure()
    FrontendBuild(environment).ensure()
    command = [str(environment.python), "-m", "local_stack", "up"]
    command += ["--port", str(arguments.port), "--data", str(Path(arguments.data).absolute())]
    command += ["--sign-up", arguments.sign_up, "--gateways", str(arguments.gateways)]
    command += ["--demo"] if arguments.demo else []
    _become(command, environment.env, Path.cwd())


def test(arguments: Namespace) -> int:
    """Run the tests."""
    environment = Environment(ROOT)
    environment.ensure()
    frontend = FrontendBuild(environment)
    if arguments.scripts:
        frontend.ensure_packages()
        return 0 if test_scripts(frontend) else 1
    if arguments.engine:
        command = [str(environment.python), "-m", "pytest", "tests/engine", *arguments.rest]
        found = {"NOTES_CHROMIUM": str(chromium.find(environment))}
        _become(command, environment.env | found, ROOT)
    frontend.ensure()
    if arguments.quick:
        return Suite(environment, frontend, environment.env).run_quick(
            arguments.rest, workers=arguments.workers
        )
    provider = ROOT / "users-service" / "tests" / "oidc_provider"
    packages = NpmPackages(
        environment, provider, "of the OpenID provider that tests sign in at"
    )
    packages.ensure()
    env = environment.env | {"PATH": packages.path()}  # tests start Node, too
    if arguments.no_browser:
        print("Leaving out the browser tests, as asked (--no-browser).")
    else:
        env["NOTES_CHROMIUM"] = str(chromium.find(environment))
    if not is_part(arguments.rest):
        suite = Suite(environment, frontend, env)
        browser = not arguments.no_browser
        run = suite.run_long if arguments.long else suite.run
        return run(arguments.rest, workers=arguments.workers, browser=browser)
    chosen = ["-m", "not browser"] if arguments.no_browser else []
    command = [str(environment.python), "-m", "pytest", *chosen, *arguments.rest]
    _become(command, env, _here(arguments.rest))


def check(arguments: Namespace) -> int:
    """Run every check that needs no running program."""
    environment = Environment(ROOT)
    environment.ensure()
    frontend = FrontendBuild(environment)
    frontend.ensure_packages()
    tools = [
        ["ruff", "check", "--quiet", "."],
        ["ruff", "format", "--check", "--quiet", "."],
        ["mypy", "--no-error-summary"],
        ["mypy", "--no-error-summary", "--config-file", "tests/mypy.toml"],
        ["lint-imports", "--no-logo"],
        *(["datamodel-codegen", "--profile", name, "--check"] for name in ("notes", "users")),
    ]
    failed = [" ".join(tool[:2]) for tool in tools if not _tool(environment, tool)]
    if not frontend.try_npm("run", "--silent", "check"):
        failed.append("TypeScript (npm run check)")
    for sentence in locks.out_of_step(ROOT):
        print(sentence)
        failed.append("lock files")
    print(
        f"check: {', '.join(dict.fromkeys(failed))} failed" if failed else "check: all is well"
    )
    return 1 if failed else 0


def bench(arguments: Namespace) -> int:
    """Become the benchmark that was named."""
    environment = Environment(ROOT)
    environment.ensure()
    FrontendBuild(environment).ensure()
    if arguments.what == "locust":
        environment.beside("locust")
    given = [argument for argument in arguments.more if argument != "--"]
    command = [str(environment.python), *_BENCHES[arguments.what], *given]
    _become(command, environment.env, ROOT)


def reset(arguments: Namespace) -> int:
    """Delete the data, after a question."""
    data = Path(arguments.data).absolute()
    if not data.exists():
        print(f"Nothing to delete: {data} does not exist.")
        return 0
    if not (data / "lock").exists():
        raise StackError(f"{data} does not look like a data directory of Notes; left alone")
    with lock.held(data):
        if not arguments.yes and not _agreed(data):
            print("Nothing was deleted.")
            return 1
        shutil.rmtree(data)
    print(f"Deleted {data}.")
    return 0


def secrets(arguments: Namespace) -> int:
    """Write the secrets that compose.yaml reads."""
    folder = Path(arguments.folder).absolute()
    if arguments.rotate:
        steps = secret_files.rotate(folder, arguments.rotate)
        print(f"{folder / arguments.rotate} has a new value. To make it count, type:")
        print("".join(f"  {step}\n" for step in steps), end="")
        return 0
    if arguments.forget:
        secret_files.forget(folder, arguments.forget)
        print(f"{folder / arguments.forget} holds only its newest value.")
        return 0
    written = secret_files.write(folder)
    kept = [name for name in secret_files.MAKERS if name not in written]
    print(f"{folder}: wrote {len(written)} files, kept {len(kept)} that were there.")
    print(
        f"The first administrator signs up with the one-time token in\n"
        f"  {folder / secret_files.SETUP_TOKEN}"
    )
    return 0


def make_locks(arguments: Namespace) -> int:
    """Compile the lock files anew."""
    environment = Environment(ROOT)
    environment.ensure()
    locks.compile_all(ROOT, environment.program("uv"), upgrade=arguments.upgrade)
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="./notes",
        description=_DESCRIPTION,
        epilog=_EPILOGUE,
        formatter_class=RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)

    def add(name: str, text: str, run: object) -> ArgumentParser:
        description = text[0].upper() + text[1:]
        # No abbreviations: what we do not know is meant for pytest or a benchmark.
        command = commands.add_parser(
            name,
            help=text,
            description=description,
            allow_abbrev=False,
            formatter_class=RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run)
        return command

    options.add_up(
        add("up", "start everything here and show its logs; Ctrl-C stops it", up), str(_DATA)
    )
    options.add_test(add("test", "run every test, or those that are chosen", test))
    add("check", "style, types, architecture, TypeScript, lock files", check)
    benches = add("bench", "measure speed; further arguments go to the benchmark", bench)
    benches.add_argument("what", choices=sorted(_BENCHES), help="what to measure")
    # All that follows is the benchmark's, its --help too.
    benches.add_argument("more", nargs=REMAINDER, metavar="...", help="its own arguments")
    resets = add("reset", "delete all notes and accounts of ./notes up, after asking", reset)
    resets.add_argument("--data", default=str(_DATA), metavar="DIR", help="which data (.notes)")
    resets.add_argument("--yes", action="store_true", help="do not ask")
    files = add(
        "secrets", "write the secret files for docker compose; keeps what is there", secrets
    )
    options.add_secrets(files, str(ROOT / "secrets"))
    pins = add("locks", "recompile the lock files after a pyproject.toml changed", make_locks)
    pins.add_argument("--upgrade", action="store_true", help="take the newest versions")
    return parser


def _become(command: list[str], env: dict[str, str], folder: Path) -> NoReturn:
    """The same process from here on: a signal that is meant for us reaches the right one."""
    sys.stdout.flush()
    os.chdir(folder)
    os.execve(command[0], command, env)  # noqa: S606 (no shell wanted)


def _tool(environment: Environment, tool: list[str]) -> bool:
    print(" ".join(tool[:2]), flush=True)
    command = [str(environment.program(tool[0])), *tool[1:]]
    return subprocess.run(command, cwd=ROOT, env=environment.env, check=False).returncode == 0


def _here(rest: list[str]) -> Path:
    """Paths are meant from where the command was typed, if they exist there."""
    here = Path.cwd()
    paths = [argument.split("::")[0] for argument in rest if not argument.startswith("-")]
    inside = here == ROOT or ROOT in here.parents
    return here if inside and any((here / path).exists() for path in paths) else ROOT


def _agreed(data: Path) -> bool:
    print(f"This deletes every note and account in {data}.")
    if not sys.stdin.isatty():
        print("Nobody is here to ask: add --yes.")
        return False
    return input("Type yes to go on: ").strip() == "yes"
