"""How likely is each member part of a fraud, and why?"""
