"""What can a newcomer see in one minute?"""
