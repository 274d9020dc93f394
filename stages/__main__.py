"""`python -m stages NAME [ARGUMENTS]`, the command of every stage in dvc.yaml."""

from stages.runner import main

if __name__ == "__main__":
    main()
