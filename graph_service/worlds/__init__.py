"""What would a mall's events look like?"""
