"""What does the risk team see of a case, and what may it do with one?"""
