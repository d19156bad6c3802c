"""How do analysts ask the graph in Neo4j Browser?"""
