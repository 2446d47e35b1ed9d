"""State changes of evidence, one function each."""
