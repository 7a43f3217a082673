"""How fast, side by side in one run with what a user would otherwise run."""
