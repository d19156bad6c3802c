"""Where does a tree of invitations come near what the law calls pyramid selling?"""
