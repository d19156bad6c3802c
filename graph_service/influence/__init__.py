"""Who and what brings orders, over all journeys?"""
