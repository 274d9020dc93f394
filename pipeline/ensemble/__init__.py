"""All models on the validation reviews, and the ensemble that is weighted there."""
