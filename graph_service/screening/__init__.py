"""Does what was just stored look false?"""
