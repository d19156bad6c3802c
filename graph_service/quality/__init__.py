"""How well are accounts joined to persons?"""
