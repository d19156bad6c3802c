"""Who invited whom?"""
