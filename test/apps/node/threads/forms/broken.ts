export default function app(: number {
