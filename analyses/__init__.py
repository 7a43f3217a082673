"""What we ask: one file a topic, each a question, its answer and the story only it has."""
