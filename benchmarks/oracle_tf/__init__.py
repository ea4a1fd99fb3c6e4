"""The second oracle: Sionna 1.2.2 on TensorFlow, asked in an environment of its own by files."""
