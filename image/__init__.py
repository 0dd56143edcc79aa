"""What the operator's image is made of; the Dockerfile runs it."""
