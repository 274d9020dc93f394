"""The stages of dvc.yaml, one module each: load, call one or two functions of the library, save."""
