"""What runs in the peers' own environment, made from requirements.txt here: nothing of ours."""
