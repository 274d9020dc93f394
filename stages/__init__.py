"""The stages of dvc.yaml, one file each: load, call the library, save. `python -m stages NAME` runs one."""
