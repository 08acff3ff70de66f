"""What people read: terminal, markdown, HTML, annotations."""
