"""How it is done: reading, fitting, checking and reporting, the same for every topic."""
