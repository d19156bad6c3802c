"""What does the risk team see of it, and decide of it, in a browser?"""
