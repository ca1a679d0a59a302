"""`python -m users_service.cli`: the same as `notes-users`."""

from users_service.cli.legacy import main

if __name__ == "__main__":
    main()
