"""Which parts of a graph are too dense, or too much in step, to be chance?"""
