"""How do we speak to Neo4j?"""
