print("quittance")
