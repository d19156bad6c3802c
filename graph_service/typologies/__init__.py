"""What do frauds and their honest look-alikes look like in a mall's events?"""
