"""Studies: further pipelines over the same stages, one folder and one dvc.yaml each."""
