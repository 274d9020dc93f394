"""Reading, checking and splitting the reviews."""
