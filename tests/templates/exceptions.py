"""Actions that handlers list and no stack of ours asks for, each with its reason.

An entry that is not needed (the role allows the action, no handler lists it, or every resource sets the property) fails
its judge, so that none stays behind.
"""

# Asked for only while a property is set (any of those divided by `|`, at whatever depth); no template sets these.
ONLY_WITH = {}

# Not asked for by this type, whatever is set.
NEVER_ASKED = {}

# Calls, not actions: IAM asks for another action of them, which is granted where it is needed.
CALLED_NOT_ASKED = {}
