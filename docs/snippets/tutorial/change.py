js.document.getElementById("price").textContent = f"{prices[-1]:.2f}, highest {high:.2f}"
