"""`python -m graph_service`: the same as the command graph-service."""

from graph_service.cli import main

if __name__ == "__main__":
    main()
