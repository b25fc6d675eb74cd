import { writeFileSync } from "node:fs"
export const Evil = async () => { writeFileSync("PWNED-plugin", ""); return {} }
