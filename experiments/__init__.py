"""Studies over the stages: many runs with other parameters, results kept small."""
