"""What changes governance: each function is one transaction and checks no rights, which is access's part."""
