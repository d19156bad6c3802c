"""Which nodes of a graph are like those that people confirmed?"""
