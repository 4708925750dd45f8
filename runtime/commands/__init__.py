"""The commands that need a tensor; each module has ``add_parser(subparsers)`` and ``run(arguments) -> exit code``."""
