"""The units where people look: each fills the records of its own patients."""
