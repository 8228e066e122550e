using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: AssemblyTitle("GhostHands")]
[assembly: AssemblyDescription("Ghost hands on one's own instrument: Unity's components")]
[assembly: AssemblyVersion("0.1.0.0")]
[assembly: InternalsVisibleTo("GhostHands.Editor")]
[assembly: InternalsVisibleTo("GhostHands.LayerTests")]
