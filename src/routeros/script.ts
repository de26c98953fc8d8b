export class Script {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
