"""What we believe: one file a topic, each a model, its exact answer and its maximum likelihood."""
