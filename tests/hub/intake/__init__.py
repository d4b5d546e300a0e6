"""How records come in, apart from what becomes of them."""
