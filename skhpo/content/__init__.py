"""What a value is, told from its content and not from its name, its address or its memory."""
