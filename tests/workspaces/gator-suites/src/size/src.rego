package k8ssize

violation[{"msg": msg}] {
  msg := unknown(input.review.object)
}
