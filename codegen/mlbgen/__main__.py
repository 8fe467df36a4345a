"""The program mlbgen, which tells what to install where only the runtime is."""

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        from mlbgen import cli  # noqa: PLC0415 -- what it needs may be missing, which is said below
    except ModuleNotFoundError as error:
        sys.stderr.write(f"mlbgen needs {error.name}, which is missing: pip install 'mlb-etl[codegen]'\n")
        return 1
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
