package ports

deny contains res if {
	some port in input.ports
	port < 1024
	res := result.new(sprintf("port %d", [port]), port)
}

owner := acme.team(input.name)

signed if ec.sigstore.verify_image(input.image, {"ignore_rekor": true}).success
